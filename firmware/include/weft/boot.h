// SPDX-License-Identifier: Apache-2.0
// What the boot ROM hands over.
#pragma once

#include <stdint.h>

// Content of a1 at reset: on Weft the address of a struct weft_boot_info (weft/boot_info.h).
extern uint32_t boot_info_address;
