if(TARGET stn_sync)
  rollcall_fuzzer(pairing LINK stn_sync cm_base)
endif()
