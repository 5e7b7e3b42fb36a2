# SPDX-License-Identifier: Apache-2.0
# Compiler settings and the three functions every folder's CMakeLists.txt is made of.

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
# A SystemC built from source registers itself per user and would silently win over the package.
set(CMAKE_FIND_USE_PACKAGE_REGISTRY OFF)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
# Assertions guard against our own bugs and cost nothing measurable: keep them in every build type.
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")

option(WEFT_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(WEFT_SANITIZE_THREADS "Build with ThreadSanitizer" OFF)

add_library(weft_options INTERFACE)
target_compile_options(weft_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fno-omit-frame-pointer)
if(WEFT_SANITIZE)
  # gcc 12 sees uninitialised members in its own library once it is instrumented.
  target_compile_options(weft_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                         -Wno-maybe-uninitialized)
  target_link_options(weft_options INTERFACE -fsanitize=address,undefined)
endif()
if(WEFT_SANITIZE_THREADS)
  target_compile_options(weft_options INTERFACE -fsanitize=thread -Wno-maybe-uninitialized)
  target_link_options(weft_options INTERFACE -fsanitize=thread)
endif()

# weft_library(NAME SOURCES … [LIBRARIES …]): a static library whose headers are included as
# "models/<block>/<file>.h" from the top of the tree. Other projects know weft_NAME as weft::NAME (WeftInstall.cmake).
function(weft_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>"
                                            "$<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/generated>")
  # Our warnings are nobody else's.
  target_link_libraries(${name} PUBLIC ${arg_LIBRARIES} PRIVATE "$<BUILD_INTERFACE:weft_options>")
  set_property(GLOBAL APPEND PROPERTY WEFT_LIBRARIES ${name})
endfunction()

# weft_test(NAME SOURCES … [LIBRARIES …] [SYSTEMC] [LABELS …] [TIMEOUT s]): a Catch2 executable; every
# TEST_CASE becomes one CTest test in a process of its own.
function(weft_test name)
  cmake_parse_arguments(arg "SYSTEMC" "TIMEOUT" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} weft_options)
  if(arg_SYSTEMC)
    target_link_libraries(${name} PRIVATE weft_test_systemc)
  else()
    target_link_libraries(${name} PRIVATE weft_test_plain)
  endif()
  target_compile_definitions(${name} PRIVATE
    WEFT_SOURCE_DIR="${PROJECT_SOURCE_DIR}" WEFT_BINARY_DIR="${PROJECT_BINARY_DIR}")
  cmake_path(IS_PREFIX WEFT_UNIT_TEST_DIR "${CMAKE_CURRENT_SOURCE_DIR}" is_unit_test)
  if(is_unit_test)
    list(APPEND arg_LABELS unit)
    add_dependencies(weft_unit_tests ${name})
  endif()
  if("threads" IN_LIST arg_LABELS)
    add_dependencies(weft_thread_tests ${name})
  endif()
  # An empty argument would be dropped and shift the properties after it.
  set(labels "")
  if(arg_LABELS)
    set(labels LABELS "${arg_LABELS}")
  endif()
  # Discovery takes an executable that crashes for one without tests.
  add_custom_command(TARGET ${name} POST_BUILD COMMAND ${name} --help > /dev/null VERBATIM)
  # A name that CTest and Catch2 read differently (as with an open bracket) would match nothing and pass.
  catch_discover_tests(${name} TEST_PREFIX "${name}: " EXTRA_ARGS --warn NoTests PROPERTIES
    SKIP_RETURN_CODE 77 TIMEOUT ${arg_TIMEOUT} ${labels})
endfunction()
