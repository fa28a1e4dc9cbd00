# The handlers against a store in memory, as in tests/unit/server_api.
if(TARGET api_school)
  rollcall_fuzzer(json MUTATIONS 50 LINK srv_routes srv_api srv_auth srv_live srv_store srv_json srv_http cm_crypt test_support
    PkgConfig::SODIUM PkgConfig::CMOCKA m)
  target_sources(fuzz_json PRIVATE $<TARGET_OBJECTS:api_school>)
  target_include_directories(fuzz_json PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit/server_api)
endif()
