# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` copies, and the CMake package with which other projects find it (docs/integration.md):
#   bin/weft                  the program; it finds firmware and presets beside itself
#   lib/weft/*.a              every library, as weft::<name> in find_package(weft)
#   include/weft/…            headers, at the paths they have in this tree
#   share/weft/…              firmware, scenarios with the presets, headers for firmware
#   lib/cmake/weft/…          the package

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(weft_include "${CMAKE_INSTALL_INCLUDEDIR}/weft")
set(weft_package "${CMAKE_INSTALL_LIBDIR}/cmake/weft")
set(weft_share "${CMAKE_INSTALL_DATADIR}/weft")

get_property(weft_libraries GLOBAL PROPERTY WEFT_LIBRARIES)
foreach(library IN LISTS weft_libraries ITEMS weft_systemc)
  string(REGEX REPLACE "^weft_" "" exported "${library}")
  set_target_properties(${library} PROPERTIES EXPORT_NAME ${exported})
endforeach()
install(TARGETS ${weft_libraries} weft_systemc EXPORT weft
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}/weft" INCLUDES DESTINATION "${weft_include}")
install(EXPORT weft NAMESPACE weft:: DESTINATION "${weft_package}" FILE weftTargets.cmake)

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/weftConfig.cmake.in" "${PROJECT_BINARY_DIR}/weftConfig.cmake"
                              INSTALL_DESTINATION "${weft_package}" PATH_VARS weft_share)
# Before 1.0 a minor version may change interfaces.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/weftConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/weftConfig.cmake" "${PROJECT_BINARY_DIR}/weftConfigVersion.cmake"
        DESTINATION "${weft_package}")

foreach(folder IN ITEMS models platform tools)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/${folder}" DESTINATION "${weft_include}"
          FILES_MATCHING PATTERN "*.h" PATTERN "x86_*.h" EXCLUDE)
  if(IS_DIRECTORY "${WEFT_GENERATED_DIR}/${folder}")
    install(DIRECTORY "${WEFT_GENERATED_DIR}/${folder}" DESTINATION "${weft_include}" FILES_MATCHING PATTERN "*.h")
  endif()
endforeach()
# Boot contract, shared by firmware and tools.
install(DIRECTORY "${PROJECT_SOURCE_DIR}/firmware/include" DESTINATION "${weft_include}/firmware")

install(TARGETS weft RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/scenarios" DESTINATION "${weft_share}")
install(FILES "${WEFT_FIRMWARE_DIR}/weft-host.elf" DESTINATION "${weft_share}/firmware")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/firmware/include" DESTINATION "${weft_share}/firmware")
install(DIRECTORY "${WEFT_GENERATED_DIR}/firmware/weft" DESTINATION "${weft_share}/firmware/include")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/weft" FILES_MATCHING PATTERN "*.md")
