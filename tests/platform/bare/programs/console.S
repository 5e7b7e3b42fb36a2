// SPDX-License-Identifier: Apache-2.0
// Both orders of the halves of a console request, then a system call that writes, one that is unknown and
// one that ends the program with exit code 9 if the answers were right.
#include "tohost.inc"
_start:
  la s0, tohost
  li s1, 0x01010000
  li t0, 'A'
  sw t0, 0(s0)
  sw s1, 4(s0)
  li t0, 'B'
  sw s1, 4(s0)
  sw t0, 0(s0)

  la s2, block
  la t0, text
  sw t0, 16(s2)
  call call_host
  lw t0, 0(s2) // the number of bytes
  li t1, 20
  bne t0, t1, wrong

  li t0, 12345
  sw t0, 0(s2)
  call call_host
  lw t0, 0(s2)
  li t1, -38
  bne t0, t1, wrong
  lw t0, 4(s2)
  li t1, -1
  bne t0, t1, wrong

  li t0, 93
  sw t0, 0(s2)
  sw zero, 4(s2)
  li t0, 9
  sw t0, 8(s2)
  call call_host
wrong:
  finish 1

call_host:
  sw s2, 0(s0)
  sw zero, 4(s0)
  la t1, fromhost
1:
  lw t0, 0(t1)
  beqz t0, 1b
  sw zero, 0(t1)
  ret

  .section .rodata
text:
  .ascii " from a system call\n"
  .data
  .balign 8
block:
  .dword 64, 1, 0, 20, 0, 0, 0, 0
