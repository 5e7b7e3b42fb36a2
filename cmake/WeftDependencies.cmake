# SPDX-License-Identifier: Apache-2.0
# Everything Weft uses is a Debian package (tools/packages); a missing one is named with its package.

function(weft_need package)
  cmake_parse_arguments(arg "" "DEBIAN" "" ${ARGN})
  find_package(${package} QUIET ${arg_UNPARSED_ARGUMENTS})
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "Weft needs ${package}: install the Debian package '${arg_DEBIAN}' "
                        "(tools/setup installs everything in tools/packages).")
  endif()
  set(${package}_FOUND TRUE PARENT_SCOPE)
endfunction()

find_package(PkgConfig QUIET)
if(NOT PkgConfig_FOUND)
  message(FATAL_ERROR "Weft needs pkg-config: install the Debian package 'pkg-config'.")
endif()

pkg_check_modules(SYSTEMC QUIET IMPORTED_TARGET GLOBAL systemc)
if(NOT SYSTEMC_FOUND)
  message(FATAL_ERROR "Weft needs SystemC 2.3.4: install the Debian package 'libsystemc-dev'.")
endif()
if(SYSTEMC_VERSION VERSION_LESS 2.3.4)
  message(FATAL_ERROR "SystemC ${SYSTEMC_VERSION} found, 2.3.4 or newer needed (Debian package 'libsystemc-dev').")
endif()
# The kernel's ABI carries the language level it was built with; a mismatch would only show as an
# unreadable link error, so it is tried here.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LIBRARIES PkgConfig::SYSTEMC)
set(CMAKE_REQUIRED_FLAGS -std=c++17)
check_cxx_source_compiles("#include <systemc>
int sc_main(int, char*[]) { return 0; }" WEFT_SYSTEMC_LINKS_AS_CXX17)
unset(CMAKE_REQUIRED_LIBRARIES)
unset(CMAKE_REQUIRED_FLAGS)
if(NOT WEFT_SYSTEMC_LINKS_AS_CXX17)
  message(FATAL_ERROR "SystemC ${SYSTEMC_VERSION} was not built as C++17, Weft is: use Debian's 'libsystemc-dev' "
                      "or build SystemC with -DCMAKE_CXX_STANDARD=17.")
endif()

weft_need(Eigen3 3.4 NO_MODULE DEBIAN libeigen3-dev)
weft_need(yaml-cpp 0.7 DEBIAN libyaml-cpp-dev)
weft_need(CLI11 DEBIAN libcli11-dev)
weft_need(fmt DEBIAN libfmt-dev)
weft_need(nlohmann_json DEBIAN nlohmann-json3-dev)
weft_need(ZLIB DEBIAN zlib1g-dev)
find_package(Threads REQUIRED)
# Hosts with another processor interpret.
set(WEFT_HAVE_JIT OFF)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  weft_need(xbyak 6 DEBIAN libxbyak-dev)
  set(WEFT_HAVE_JIT ON)
endif()

add_library(weft_systemc INTERFACE)
target_link_libraries(weft_systemc INTERFACE PkgConfig::SYSTEMC)
# Must be seen before the first <systemc> of every translation unit, or sc_spawn is undeclared.
target_compile_definitions(weft_systemc INTERFACE SC_INCLUDE_DYNAMIC_PROCESSES)

# Debian modules (python3-yaml) are seen by Debian's interpreter only; another python may come first on PATH.
find_program(WEFT_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
if(NOT WEFT_PYTHON)
  message(FATAL_ERROR "Weft needs python3 at build time: install the Debian packages 'python3' and 'python3-yaml'.")
endif()
