# SPDX-License-Identifier: Apache-2.0
# Small bare-metal programs that need nothing but RAM.

set(WEFT_BARE_PROGRAM_DIR "${CMAKE_BINARY_DIR}/firmware/bare")
file(MAKE_DIRECTORY "${WEFT_BARE_PROGRAM_DIR}")
find_program(WEFT_RISCV_OBJCOPY riscv64-unknown-elf-objcopy)

# weft_bare_program(NAME SOURCE file [BASE address] [FLAGS …]): <build>/firmware/bare/NAME.elf and NAME.bin,
# linked to BASE, the start of RAM by default.
function(weft_bare_program name)
  cmake_parse_arguments(arg "" "SOURCE;BASE" "FLAGS" ${ARGN})
  if(NOT arg_BASE)
    set(arg_BASE 0x80000000)
  endif()
  set(source "${CMAKE_CURRENT_SOURCE_DIR}/programs/${arg_SOURCE}")
  set(script "${CMAKE_CURRENT_SOURCE_DIR}/programs/link.ld")
  set(elf "${WEFT_BARE_PROGRAM_DIR}/${name}.elf")
  add_custom_command(
    OUTPUT "${elf}"
    COMMAND "${WEFT_RISCV_GCC}" -march=rv32imac -misa-spec=2.2 -mabi=ilp32 -g -nostdlib -nostartfiles -static
            -Wl,--build-id=none -T "${script}" "-Wl,--defsym=__base=${arg_BASE}" ${arg_FLAGS} "${source}" -o "${elf}"
    COMMAND "${WEFT_RISCV_OBJCOPY}" -O binary "${elf}" "${WEFT_BARE_PROGRAM_DIR}/${name}.bin"
    DEPENDS "${source}" "${script}" "${CMAKE_CURRENT_SOURCE_DIR}/programs/tohost.inc"
    COMMENT "Bare program ${name}.elf" VERBATIM)
  set_property(GLOBAL APPEND PROPERTY WEFT_BARE_PROGRAMS "${elf}")
endfunction()
