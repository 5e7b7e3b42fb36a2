# SPDX-License-Identifier: Apache-2.0
# Installs BUILD below FOLDER, moves the tree (an installed Weft knows no absolute path), builds EXAMPLE with it, and
# compares what the example trains with what the installed `weft run` says of the same scenario.

function(must_run)
  cmake_parse_arguments(arg "" "OUTPUT" "COMMAND" ${ARGN})
  execute_process(COMMAND ${arg_COMMAND} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN arg_COMMAND " " command)
    message(FATAL_ERROR "${command}: ${status}\n${output}")
  endif()
  set(${arg_OUTPUT} "${output}" PARENT_SCOPE)
endfunction()

set(first "${FOLDER}/first")
set(prefix "${FOLDER}/installed")
file(REMOVE_RECURSE "${first}" "${prefix}" "${FOLDER}/example" "${FOLDER}/results")
must_run(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${first}" OUTPUT ignored)
file(RENAME "${first}" "${prefix}")

must_run(COMMAND "${CMAKE_COMMAND}" -S "${EXAMPLE}" -B "${FOLDER}/example" -G "${GENERATOR}" "-DCMAKE_PREFIX_PATH=${prefix}"
                 "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}"
                 "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror" OUTPUT ignored)
must_run(COMMAND "${CMAKE_COMMAND}" --build "${FOLDER}/example" OUTPUT ignored)
must_run(COMMAND "${FOLDER}/example/soc" "${EXAMPLE}/digits.yaml" OUTPUT trained)
must_run(COMMAND "${prefix}/bin/weft" run "${EXAMPLE}/digits.yaml" --out "${FOLDER}/results" OUTPUT ignored)

file(READ "${FOLDER}/results/results.json" results)
string(JSON last GET "${results}" epochs 1 platform test accuracy)
string(REGEX MATCH "epoch 2: ([0-9]+) of 200 test samples right" line "${trained}")
if(NOT line)
  message(FATAL_ERROR "the example did not report its second epoch:\n${trained}")
endif()
execute_process(COMMAND "${PYTHON}" -c "import sys; sys.exit(round(200 * ${last}) != ${CMAKE_MATCH_1} or ${last} < 0.5)"
                RESULT_VARIABLE differs)
if(NOT differs EQUAL 0)
  message(FATAL_ERROR "weft run reached an accuracy of ${last}, the example:\n${trained}")
endif()
