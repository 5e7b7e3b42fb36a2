// SPDX-License-Identifier: Apache-2.0
// Runs in flash, cannot write there, can write to RAM, and says so on the UART.
  .text
  .globl _start
_start:
  la t0, refused
  csrw mtvec, t0
  la t1, _start
  sw zero, 0(t1)
  j bad
  .balign 4
refused:
  csrr t0, mcause
  li t1, 7
  bne t0, t1, bad
  li t0, 0x80000000
  li t1, 'F'
  sw t1, 0(t0)
  lw t1, 0(t0)
  li t0, 0x10000000
  sb t1, 0(t0)
  li t1, '\n'
  sb t1, 0(t0)
  li t1, 0x5555
  j end
bad:
  li t1, 0x13333
end:
  li t0, 0x100000
  sw t1, 0(t0)
