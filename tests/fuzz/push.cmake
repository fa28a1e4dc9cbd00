# The server's core of sync on a store in memory, with the station of tests/unit/server_sync.
if(TARGET srv_sync)
  rollcall_fuzzer(push MUTATIONS 20 LINK srv_sync srv_store srv_auth cm_sync cm_crypt cm_record cm_base test_support
    PkgConfig::SODIUM PkgConfig::CMOCKA m)
  target_sources(fuzz_push PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit/server_sync/fixture.c)
  target_include_directories(fuzz_push PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit/server_sync)
endif()
