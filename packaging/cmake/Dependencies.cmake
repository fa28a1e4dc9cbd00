# Every library that the product uses, found once. All are Debian packages (packaging/debian-packages).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

pkg_check_modules(LMDB REQUIRED IMPORTED_TARGET lmdb)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET libqrencode)
pkg_check_modules(ZBAR REQUIRED IMPORTED_TARGET zbar)
pkg_check_modules(INIH REQUIRED IMPORTED_TARGET inih)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(ICAL REQUIRED IMPORTED_TARGET libical)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET libssl libcrypto)
pkg_check_modules(LIBJWT REQUIRED IMPORTED_TARGET libjwt<2)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(NCURSESW REQUIRED IMPORTED_TARGET ncursesw)

# Debian 13 ships a CMake package and a msgpack-c.pc that names a folder which does not exist; Debian 12 ships
# msgpack.pc, and a CMake package that may be the C++ library's.
find_package(msgpack-c CONFIG QUIET)
if(NOT TARGET msgpack-c)
  pkg_check_modules(MSGPACK REQUIRED IMPORTED_TARGET msgpack)
  add_library(msgpack-c ALIAS PkgConfig::MSGPACK)
endif()

# Debian 13 has a library; Debian 12 ships the C sources, whose default is a loose parser: strict mode is a must.
pkg_check_modules(LLHTTP IMPORTED_TARGET libllhttp>=9)
if(TARGET PkgConfig::LLHTTP)
  add_library(rollcall_llhttp ALIAS PkgConfig::LLHTTP)
else()
  set(llhttp /usr/share/llhttp)
  add_library(rollcall_llhttp STATIC ${llhttp}/llhttp.c ${llhttp}/api.c ${llhttp}/http.c)
  target_include_directories(rollcall_llhttp SYSTEM PUBLIC /usr/share/include/llhttp)
  target_compile_definitions(rollcall_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
  target_compile_options(rollcall_llhttp PRIVATE -w)
endif()

# Named components: opencv4.pc alone would link some fifty libraries.
find_package(OpenCV REQUIRED COMPONENTS core imgproc imgcodecs calib3d videoio dnn)
find_package(dlib REQUIRED)

if(ROLLCALL_TESTS)
  find_package(OpenCV REQUIRED COMPONENTS objdetect) # draws QR codes
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()
