// SPDX-License-Identifier: Apache-2.0
// Time and timer interrupt of hart 0.
#pragma once

#include <stdint.h>

#define CLINT_TICKS_PER_SECOND 10000000u

// Ticks of simulated time since reset.
uint64_t clint_time(void);

// Raises the timer interrupt when clint_time() reaches `ticks`; UINT64_MAX: never.
void clint_set_timer(uint64_t ticks);
