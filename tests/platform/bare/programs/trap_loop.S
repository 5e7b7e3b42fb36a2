// SPDX-License-Identifier: Apache-2.0
// The handler's first instruction traps itself, with an access that nothing answers.
  .text
  .globl _start
_start:
  la t0, handler
  csrw mtvec, t0
  li t1, 0x30000000
  ecall
  .balign 4
handler:
  lw t2, 0(t1)
  j handler
