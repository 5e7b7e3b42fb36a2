// SPDX-License-Identifier: Apache-2.0
// Waits for a sync counter that nobody raises: the run ends with a report of the deadlock.
#include "weft/xweft.h"

int main(void) {
  xweft_cwait(5, 1);
  return 0;
}
