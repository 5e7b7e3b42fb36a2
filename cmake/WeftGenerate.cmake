# SPDX-License-Identifier: Apache-2.0
# Code made at build time from the single sources: register descriptions, memory map, instruction table.

# Everything generated, for tools that only read sources.
add_custom_target(weft_generate)

set(WEFT_GENERATED_DIR "${CMAKE_BINARY_DIR}/generated")
set(WEFT_REGISTERS_TOOL "${PROJECT_SOURCE_DIR}/tools/generate/registers.py")
set(WEFT_MEMORY_MAP "${PROJECT_SOURCE_DIR}/platform/machine/memory_map.yaml")

# weft_registers(TARGET BLOCK): TARGET may include "models/BLOCK/registers.h", made from registers.yaml.
function(weft_registers target block)
  set(source "${PROJECT_SOURCE_DIR}/models/${block}/registers.yaml")
  set(header "${WEFT_GENERATED_DIR}/models/${block}/registers.h")
  file(MAKE_DIRECTORY "${WEFT_GENERATED_DIR}/models/${block}")
  add_custom_command(
    OUTPUT "${header}"
    COMMAND "${WEFT_PYTHON}" "${WEFT_REGISTERS_TOOL}" cpp "${source}" "${header}"
    DEPENDS "${source}" "${WEFT_REGISTERS_TOOL}"
    COMMENT "Registers of ${block}" VERBATIM)
  weft_generated(${target} "registers_${block}" "${header}")
endfunction()

# weft_generated(TARGET NAME FILE…): TARGET, and whoever links it, is compiled after FILEs exist.
function(weft_generated target name)
  add_custom_target(weft_generate_${name} DEPENDS ${ARGN})
  add_dependencies(${target} weft_generate_${name})
  add_dependencies(weft_generate weft_generate_${name})
endfunction()

# "models/hart/xweft_table.h": the instruction table as C++.
set(WEFT_XWEFT_TOOL "${PROJECT_SOURCE_DIR}/tools/generate/xweft.py")
set(WEFT_XWEFT_TABLE "${PROJECT_SOURCE_DIR}/models/hart/xweft.yaml")
file(MAKE_DIRECTORY "${WEFT_GENERATED_DIR}/models/hart" "${WEFT_GENERATED_DIR}/platform/machine"
     "${WEFT_GENERATED_DIR}/firmware/weft")
add_custom_command(
  OUTPUT "${WEFT_GENERATED_DIR}/models/hart/xweft_table.h"
  COMMAND "${WEFT_PYTHON}" "${WEFT_XWEFT_TOOL}" cpp "${WEFT_XWEFT_TABLE}" "${WEFT_GENERATED_DIR}/models/hart/xweft_table.h"
  DEPENDS "${WEFT_XWEFT_TOOL}" "${WEFT_XWEFT_TABLE}"
  COMMENT "Xweft instruction table" VERBATIM)
add_custom_target(weft_generate_xweft DEPENDS "${WEFT_GENERATED_DIR}/models/hart/xweft_table.h")

# The host's address map and the tile's window as C++ constants.
function(weft_map name source header namespace)
  get_filename_component(folder "${WEFT_GENERATED_DIR}/${header}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}")
  add_custom_command(
    OUTPUT "${WEFT_GENERATED_DIR}/${header}"
    COMMAND "${WEFT_PYTHON}" "${WEFT_REGISTERS_TOOL}" map "${source}" "${WEFT_GENERATED_DIR}/${header}" "${namespace}"
    DEPENDS "${WEFT_REGISTERS_TOOL}" "${source}"
    COMMENT "Address map ${header}" VERBATIM)
  add_custom_target(weft_generate_${name} DEPENDS "${WEFT_GENERATED_DIR}/${header}")
endfunction()
set(WEFT_TILE_WINDOW "${PROJECT_SOURCE_DIR}/models/tile/window.yaml")
weft_map(memory_map "${WEFT_MEMORY_MAP}" platform/machine/memory_map.h weft::map)
weft_map(tile_window "${WEFT_TILE_WINDOW}" models/tile/window.h weft::tile::window)

# The C headers of the firmware: registers of every block, and the Xweft intrinsics.
set(WEFT_REGISTER_BLOCKS uart clint plic finisher syscon dma tile_control sync unit write_filter reram_buffer)
list(TRANSFORM WEFT_REGISTER_BLOCKS REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/models/\\1/registers.yaml"
     OUTPUT_VARIABLE WEFT_REGISTER_FILES)
add_custom_command(
  OUTPUT "${WEFT_GENERATED_DIR}/firmware/weft/registers.h" "${WEFT_GENERATED_DIR}/firmware/weft/xweft.h"
  COMMAND "${WEFT_PYTHON}" "${WEFT_REGISTERS_TOOL}" c "${WEFT_MEMORY_MAP}" "${WEFT_GENERATED_DIR}/firmware/weft/registers.h"
          "${WEFT_TILE_WINDOW}" ${WEFT_REGISTER_FILES}
  COMMAND "${WEFT_PYTHON}" "${WEFT_XWEFT_TOOL}" c "${WEFT_XWEFT_TABLE}" "${WEFT_GENERATED_DIR}/firmware/weft/xweft.h"
  DEPENDS "${WEFT_REGISTERS_TOOL}" "${WEFT_XWEFT_TOOL}" "${WEFT_XWEFT_TABLE}" "${WEFT_MEMORY_MAP}"
          "${WEFT_TILE_WINDOW}" ${WEFT_REGISTER_FILES}
  COMMENT "Firmware headers" VERBATIM)
add_custom_target(weft_generate_firmware_headers DEPENDS "${WEFT_GENERATED_DIR}/firmware/weft/registers.h")
add_dependencies(weft_generate weft_generate_xweft weft_generate_memory_map weft_generate_tile_window
                 weft_generate_firmware_headers)
