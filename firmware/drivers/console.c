// SPDX-License-Identifier: Apache-2.0
// picolibc's streams are defined by whoever knows the device: here all of them are the UART.
#include <stdio.h>

#include "weft/uart.h"

static int put(char character, FILE* stream) {
  (void)stream;
  uart_put((uint8_t)character);
  return (unsigned char)character;
}

static FILE console = FDEV_SETUP_STREAM(put, NULL, NULL, _FDEV_SETUP_WRITE);

FILE* const stdout = &console;
FILE* const stderr = &console;
