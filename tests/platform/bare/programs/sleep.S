// SPDX-License-Identifier: Apache-2.0
  .text
  .globl _start
_start:
  wfi
  j _start
