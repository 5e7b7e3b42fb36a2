// SPDX-License-Identifier: Apache-2.0
// The serial port. printf and its kin write to it: console.c defines stdout and stderr.
#pragma once

#include <stdint.h>

// Sends one byte, after the transmitter has room for it.
void uart_put(uint8_t byte);
