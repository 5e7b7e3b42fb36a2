// SPDX-License-Identifier: Apache-2.0
// External interrupts of hart 0.
#pragma once

// Calls `handler` whenever source `source` (1 to 63) interrupts; it has to make the source let go of its
// line.
void plic_on_interrupt(unsigned source, void (*handler)(void));
