if(TARGET srv_http)
  rollcall_fuzzer(http LINK srv_http rollcall_llhttp)
endif()
