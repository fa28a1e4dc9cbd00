# How this project builds: flags for everything, one library per folder, tests.
include(CheckCCompilerFlag)

add_library(rollcall_flags INTERFACE)
target_compile_definitions(rollcall_flags INTERFACE _GNU_SOURCE ROLLCALL_VERSION="${PROJECT_VERSION}")
target_compile_options(rollcall_flags INTERFACE
  -Wall -Wextra -Wshadow -Wpointer-arith -Wformat=2 -Wundef -Wvla
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition>
  # maybe-uninitialized guesses wrongly about out-parameters that a failure leaves untouched, differently in each GCC.
  $<$<BOOL:${ROLLCALL_WERROR}>:-Werror $<$<COMPILE_LANG_AND_ID:C,GNU>:-Wno-error=maybe-uninitialized>
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-error=maybe-uninitialized>>
  -fno-strict-aliasing -fno-common)
target_link_options(rollcall_flags INTERFACE -Wl,--as-needed)

set(rollcall_hardening -fstack-protector-strong)
# GCC 12 clears the padding of a struct that holds an array of structs at wrong offsets with it: valid pointers become none.
# GCC 14 does it right.
if(NOT CMAKE_C_COMPILER_ID STREQUAL "GNU" OR CMAKE_C_COMPILER_VERSION VERSION_GREATER_EQUAL 14)
  list(APPEND rollcall_hardening -ftrivial-auto-var-init=zero)
endif()
foreach(flag -fstack-clash-protection -fcf-protection -mbranch-protection=standard)
  string(MAKE_C_IDENTIFIER "has${flag}" has)
  check_c_compiler_flag(${flag} ${has})
  if(${has})
    list(APPEND rollcall_hardening ${flag})
  endif()
endforeach()

if(ROLLCALL_SANITIZE)
  target_compile_options(rollcall_flags INTERFACE
    -fsanitize=${ROLLCALL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined -O1)
  target_link_options(rollcall_flags INTERFACE -fsanitize=${ROLLCALL_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_options(rollcall_flags INTERFACE ${rollcall_hardening} -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  target_link_options(rollcall_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
if(ROLLCALL_FUZZ) # clang: everything tells the fuzzer where it has been
  target_compile_options(rollcall_flags INTERFACE -fsanitize=fuzzer-no-link)
  get_target_property(llhttp_kind rollcall_llhttp TYPE)
  if(llhttp_kind STREQUAL "STATIC_LIBRARY") # ours to compile
    target_compile_options(rollcall_llhttp PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endif()
if(ROLLCALL_COVERAGE)
  target_compile_options(rollcall_flags INTERFACE --coverage)
  target_link_options(rollcall_flags INTERFACE --coverage)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported()

# dlib's network headers take a gigabyte of memory to compile: one such file at a time.
set_property(GLOBAL PROPERTY JOB_POOLS heavy=1)

# rollcall_library(NAME SOURCES a.c … [LINK lib …] [LINK_PRIVATE lib …])
#
# One library per folder. Its headers are included as "<folder>/<header>.h" and are visible only to those that
# link it: a dependency that was not declared does not compile.
function(rollcall_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;LINK_PRIVATE" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME folder)
  set(include_dir ${CMAKE_BINARY_DIR}/include/${name})
  file(MAKE_DIRECTORY ${include_dir})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${include_dir}/${folder} SYMBOLIC)
  target_include_directories(${name} PUBLIC ${include_dir})
  target_link_libraries(${name} PUBLIC ${arg_LINK} PRIVATE rollcall_flags ${arg_LINK_PRIVATE})
endfunction()

# rollcall_unit_test(NAME LINK lib … [SOURCES more.c …] [PARTS n]): tests/unit/<folder>/NAME.c with cmocka. With PARTS it is
# run n times, side by side where there are cores, each time with another PART=0 … n-1 (and PARTS=n) in its environment.
function(rollcall_unit_test name)
  cmake_parse_arguments(arg "" "PARTS" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${name}.c ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE rollcall_flags test_support ${arg_LINK} PkgConfig::CMOCKA)
  target_compile_definitions(${name} PRIVATE TEST_SOURCE_DIR="${CMAKE_SOURCE_DIR}/tests")
  set(environment "ASAN_OPTIONS=handle_segv=2:detect_leaks=1;UBSAN_OPTIONS=print_stacktrace=1;OPENBLAS_NUM_THREADS=1")
  if(NOT arg_PARTS)
    rollcall_add_unit_test(${name} ${name} "${environment}")
    return()
  endif()
  math(EXPR last "${arg_PARTS} - 1")
  foreach(part RANGE ${last})
    rollcall_add_unit_test(${name}_${part} ${name} "${environment};PART=${part};PARTS=${arg_PARTS}")
  endforeach()
endfunction()

function(rollcall_add_unit_test test program environment)
  add_test(NAME unit/${test} COMMAND ${program})
  set_tests_properties(unit/${test} PROPERTIES TIMEOUT 60 LABELS unit SKIP_RETURN_CODE 77
    ENVIRONMENT "${environment}")
endfunction()
