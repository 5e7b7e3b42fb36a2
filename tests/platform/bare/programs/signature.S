// SPDX-License-Identifier: Apache-2.0
#include "tohost.inc"
_start:
  la t0, begin_signature
  li t1, 0x01234567
  sw t1, 0(t0)
  li t1, 0xdeadbeef
  sw t1, 4(t0)
  sb t1, 18(t0)
  finish 0

  .data
  .balign 4
  .globl begin_signature
  .globl end_signature
begin_signature:
  .word 0, 0, 0x89abcdef, 7, 0xffffffff
end_signature:
  .word 0x11111111
