// SPDX-License-Identifier: Apache-2.0
// One line of text about a finished epoch.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "weft/boot_info.h"

enum { epoch_text_size = 160 };

// "epoch 1/5  train loss 0.3124  accuracy 90.62 %  test loss 0.2101  accuracy 93.55 %": means over the
// samples, rounded to nearest. A part without samples is left out.
void epoch_report(char* text, size_t size, const struct weft_epoch_record* record, uint32_t epochs);
