// SPDX-License-Identifier: Apache-2.0
// Every kind of line a trace has: registers, loads, stores, an atomic, a function, a trap.
  .text
  .globl _start
_start:
  lui sp, 0x80002
  li a0, -2
  sw a0, -4(sp)
  lb a1, -3(sp)
  lw zero, -4(sp)
  addi a2, sp, -4
  amoadd.w a3, a1, (a2)
  auipc t0, 0
  addi t0, t0, 18
  csrw mtvec, t0
  jal function
  ecall
  .balign 4
handler:
  lui t1, 0x5
  addi t1, t1, 0x555
  lui t0, 0x100
  sw t1, 0(t0)
  .type function, @function
function:
  ret
