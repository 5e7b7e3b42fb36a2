// SPDX-License-Identifier: Apache-2.0
// Start of every host firmware: hart 0 gets a C environment and calls main(); other harts sleep.

  .section .text.start, "ax"
  .globl _start
  .type _start, @function
_start:
  csrw mie, zero
  csrr t0, mhartid
  bnez t0, sleep

  .option push
  .option norelax
  la gp, __global_pointer$
  .option pop
  la sp, __stack
  la tp, __tls_base // picolibc keeps errno there
  la t0, trap_entry
  csrw mtvec, t0

  // Floating point is off after a reset.
  csrr t0, misa
  andi t0, t0, 1 << ('F' - 'A')
  beqz t0, no_float
  li t0, 1 << 13 // mstatus.FS: initial
  csrs mstatus, t0
no_float:

  la t0, __bss_start
  la t1, __bss_end
clear_bss:
  bgeu t0, t1, run
  sw zero, 0(t0)
  addi t0, t0, 4
  j clear_bss

run:
  la t0, boot_info_address
  sw a1, 0(t0)
  call __libc_init_array
  call main
  call exit

sleep:
  wfi
  j sleep

  .section .bss.boot_info_address, "aw", @nobits
  .globl boot_info_address
  .type boot_info_address, @object
  .balign 4
boot_info_address:
  .zero 4
