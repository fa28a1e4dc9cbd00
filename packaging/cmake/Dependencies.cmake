# Every library that the product uses, found once. All are Debian packages (packaging/debian-packages).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

pkg_check_modules(LMDB REQUIRED IMPORTED_TARGET lmdb)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(INIH REQUIRED IMPORTED_TARGET inih)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(NCURSESW REQUIRED IMPORTED_TARGET ncursesw)

# Debian 13 ships a CMake package and a msgpack-c.pc that names a folder which does not exist; Debian 12 ships
# msgpack.pc, and a CMake package that may be the C++ library's.
find_package(msgpack-c CONFIG QUIET)
if(NOT TARGET msgpack-c)
  pkg_check_modules(MSGPACK REQUIRED IMPORTED_TARGET msgpack)
  add_library(msgpack-c ALIAS PkgConfig::MSGPACK)
endif()

# Named components: opencv4.pc alone would link some fifty libraries.
find_package(OpenCV REQUIRED COMPONENTS core imgproc imgcodecs calib3d videoio dnn)
find_package(dlib REQUIRED)

if(ROLLCALL_TESTS)
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()
