// SPDX-License-Identifier: Apache-2.0
// tohost is a 32-bit object: one store is the request.
  .section .tohost, "aw", @progbits
  .globl tohost
  .type tohost, @object
  .size tohost, 4
  .balign 4
tohost:
  .word 0
behind:
  .word 0
  .text
  .globl _start
_start:
  la t5, tohost
  la t6, behind
  sw t5, 0(t6) // no part of tohost
  li gp, (7 << 1) | 1
  sw gp, 0(t5)
  sw zero, 0(zero) // would be fatal
