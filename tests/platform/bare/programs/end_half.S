// SPDX-License-Identifier: Apache-2.0
// Stores the low half of tohost once and waits for ever.
  .section .tohost, "aw", @progbits
  .globl tohost
  .balign 8
tohost:
  .dword 0
  .text
  .globl _start
_start:
  li gp, (6 << 1) | 1
  la t5, tohost
  sw gp, 0(t5)
wait:
  addi t0, t0, 1
  bnez gp, wait
