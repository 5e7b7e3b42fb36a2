// SPDX-License-Identifier: Apache-2.0
// Ends with exit code CODE.
#include "tohost.inc"
_start:
  finish CODE
