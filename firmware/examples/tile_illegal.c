// SPDX-License-Identifier: Apache-2.0
// An Xweft encoding that means nothing: illegal instruction, value is the instruction.
int main(void) {
  __asm__ volatile(".insn r4 0x2b, 7, 3, x0, x0, x0, x0");
  return 0;
}
