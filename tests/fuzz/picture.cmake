# That one source alone: what it decides needs no OpenCV.
if(TARGET stn_shim)
  rollcall_fuzzer(picture)
  target_sources(fuzz_picture PRIVATE ${CMAKE_SOURCE_DIR}/station/shim/image_header.cpp)
  target_include_directories(fuzz_picture PRIVATE $<TARGET_PROPERTY:stn_shim,INTERFACE_INCLUDE_DIRECTORIES>)
endif()
