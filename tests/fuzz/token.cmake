if(TARGET srv_auth)
  rollcall_fuzzer(token LINK srv_auth cm_base PkgConfig::SODIUM)
endif()
