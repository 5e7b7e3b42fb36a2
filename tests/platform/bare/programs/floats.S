// SPDX-License-Identifier: Apache-2.0
// Float instructions with results in either register file.
  .text
  .globl _start
_start:
  li t0, 0x2000
  csrs mstatus, t0
  la a0, numbers
  flw ft0, 0(a0)
  fadd.s fa0, ft0, ft0
  fmadd.s fa1, ft0, ft0, fa0
  feq.s a1, ft0, ft0
  fmv.x.w a2, fa0
  fcvt.s.w fa2, a1
  fcvt.w.s a3, fa0, rtz
  fsw fa1, 4(a0)
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
  .data
  .balign 4
numbers:
  .float 1.5, 0
