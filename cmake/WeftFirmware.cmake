# SPDX-License-Identifier: Apache-2.0
# RV32 programs: host firmware and tile programs, compiled by Debian's bare-metal cross compiler.

find_program(WEFT_RISCV_GCC riscv64-unknown-elf-gcc)
find_program(WEFT_RISCV_AR riscv64-unknown-elf-gcc-ar)
if(NOT WEFT_RISCV_GCC OR NOT WEFT_RISCV_AR)
  message(FATAL_ERROR "The firmware needs riscv64-unknown-elf-gcc: install the Debian packages "
                      "'gcc-riscv64-unknown-elf' and 'picolibc-riscv64-unknown-elf'.")
endif()
# gcc answers with the bare name when it does not know the file.
execute_process(COMMAND "${WEFT_RISCV_GCC}" -print-file-name=picolibc.specs
                OUTPUT_VARIABLE weft_picolibc_specs OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT IS_ABSOLUTE "${weft_picolibc_specs}")
  message(FATAL_ERROR "The firmware needs picolibc for RISC-V: install the Debian packages "
                      "'gcc-riscv64-unknown-elf' and 'picolibc-riscv64-unknown-elf'.")
endif()

set(WEFT_FIRMWARE_SOURCE_DIR "${PROJECT_SOURCE_DIR}/firmware")
set(WEFT_FIRMWARE_DIR "${CMAKE_BINARY_DIR}/firmware")
file(MAKE_DIRECTORY "${WEFT_FIRMWARE_DIR}/objects")

# gcc 12 has no library variant for a _zicsr suffix and silently takes the 64-bit one; in version 2.2 of the
# ISA specification the CSR instructions are part of I.
set(WEFT_FIRMWARE_FLAGS
    --specs=picolibc.specs -march=rv32imac -misa-spec=2.2 -mabi=ilp32 -DPICOLIBC_INTEGER_PRINTF_SCANF)
set(WEFT_FIRMWARE_COMPILE_FLAGS
    -std=c11 -Os -g -ffunction-sections -fdata-sections
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror
    "-I${WEFT_FIRMWARE_SOURCE_DIR}/include" "-I${WEFT_GENERATED_DIR}/firmware")

# Object files of SOURCES, for use by the function below; their paths go to OBJECTS.
function(weft_firmware_objects objects name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEFINITIONS" ${ARGN})
  list(TRANSFORM arg_DEFINITIONS PREPEND -D)
  set(folder "${WEFT_FIRMWARE_DIR}/objects/${name}")
  file(MAKE_DIRECTORY "${folder}")
  set(made "")
  foreach(source IN LISTS arg_SOURCES)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    cmake_path(GET source FILENAME file)
    set(object "${folder}/${file}.o")
    if(object IN_LIST made)
      message(FATAL_ERROR "weft_firmware(${name}): two sources are called ${file}")
    endif()
    add_custom_command(
      OUTPUT "${object}"
      COMMAND "${WEFT_RISCV_GCC}" ${WEFT_FIRMWARE_FLAGS} ${WEFT_FIRMWARE_COMPILE_FLAGS} ${arg_DEFINITIONS}
              -MMD -MF "${object}.d" -MT "${object}" -c "${source}" -o "${object}"
      DEPENDS "${source}" weft_generate_firmware_headers
      DEPFILE "${object}.d"
      COMMENT "RISC-V object ${name}/${file}" VERBATIM)
    list(APPEND made "${object}")
  endforeach()
  set(${objects} "${made}" PARENT_SCOPE)
endfunction()

# Start-up code and drivers that programs of a kind (host, tile) link as far as they use them.
function(weft_firmware_runtime kind)
  cmake_parse_arguments(arg "" "" "SOURCES" ${ARGN})
  list(TRANSFORM arg_SOURCES PREPEND "${WEFT_FIRMWARE_SOURCE_DIR}/")
  weft_firmware_objects(objects runtime_${kind} SOURCES ${arg_SOURCES})
  set(archive "${WEFT_FIRMWARE_DIR}/libweft_${kind}.a")
  add_custom_command(
    OUTPUT "${archive}"
    # ar would keep members whose source is gone.
    COMMAND "${CMAKE_COMMAND}" -E rm -f "${archive}"
    COMMAND "${WEFT_RISCV_AR}" rcs "${archive}" ${objects}
    DEPENDS ${objects}
    COMMENT "RISC-V archive libweft_${kind}.a" VERBATIM)
  add_custom_target(weft_firmware_runtime_${kind} DEPENDS "${archive}")
endfunction()

weft_firmware_runtime(host SOURCES
  crt0.S drivers/cause.c drivers/clint.c drivers/console.c drivers/dma.c drivers/elf_loader.c drivers/finisher.c
  drivers/dense_solver.c drivers/plic.c drivers/tile_unit.c drivers/tiles.c drivers/trap.c drivers/uart.c drivers/write_filter.c)
weft_firmware_runtime(tile SOURCES tile/crt0.S tile/inversion.c drivers/dense_solver.c drivers/write_filter.c)

# weft_firmware(NAME SOURCES … [TILE number] [DEFINITIONS …]): <build>/firmware/NAME.elf, part of `all`.
# Without TILE the program is for the host hart and lies at the start of DRAM; with it, at the start of that
# tile's buffer.
function(weft_firmware name)
  cmake_parse_arguments(arg "" "TILE" "SOURCES;DEFINITIONS" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "weft_firmware(${name}): expected SOURCES …, [TILE number], [DEFINITIONS …]; "
                        "found '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  if(DEFINED arg_TILE)
    set(kind tile)
    set(script "${WEFT_FIRMWARE_SOURCE_DIR}/tile/link.ld")
    # A buffer has no pages: code and data become two segments without padding between them.
    set(placement "-Wl,--defsym=__tile=${arg_TILE}" -Wl,-z,max-page-size=16)
  else()
    set(kind host)
    set(script "${WEFT_FIRMWARE_SOURCE_DIR}/link.ld")
    set(placement "")
  endif()
  weft_firmware_objects(objects ${name} SOURCES ${arg_SOURCES} DEFINITIONS ${arg_DEFINITIONS})
  set(archive "${WEFT_FIRMWARE_DIR}/libweft_${kind}.a")
  set(elf "${WEFT_FIRMWARE_DIR}/${name}.elf")
  add_custom_command(
    OUTPUT "${elf}"
    # The C library needs our streams and _exit, which come before it.
    COMMAND "${WEFT_RISCV_GCC}" ${WEFT_FIRMWARE_FLAGS} -nostartfiles -Wl,--gc-sections,--fatal-warnings
            -T "${script}" ${placement} ${objects} -Wl,--start-group "${archive}" -lc -lgcc -Wl,--end-group
            -o "${elf}"
    DEPENDS ${objects} "${archive}" "${script}" weft_firmware_runtime_${kind}
    COMMENT "Firmware ${name}.elf" VERBATIM)
  add_custom_target(weft_firmware_${name} ALL DEPENDS "${elf}")
endfunction()
