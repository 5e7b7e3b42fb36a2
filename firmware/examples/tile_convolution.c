// SPDX-License-Identifier: Apache-2.0
// A convolution on a tile: the vector unit lays the windows of an image out, two crossbars multiply them with
// the halves of the kernels and add up in the buffer, and the vector unit turns the result round.
#include <stdint.h>

#include "weft/tile_program.h"
#include "weft/xweft.h"

enum {
  image_width = 4,
  kernel_width = 2,
  kernels = 3,
  taps = kernel_width * kernel_width,
  out_width = image_width - kernel_width + 1,
  windows = out_width * out_width,
  taps_per_crossbar = taps / 2,
  check_windows = 1,
  check_convolution = 2,
  check_squares = 3
};

static const uint32_t int16_int32_to_int16 = 0x121;
static const uint32_t int16_to_int32 = 0x211;
static const uint32_t int32_to_int32 = 0x222;
static const uint32_t both_crossbars = 3;

static const int16_t image[image_width][image_width] = {
    {3, -1, 4, 1}, {-5, 9, 2, 6}, {5, -3, 5, -8}, {9, 7, 9, -3}};
static const int32_t weights[taps][kernels] = {{1, -2, 0}, {2, 1, -1}, {-3, 4, 5}, {1, 1, -6}};

static int32_t row_starts[windows * kernel_width];
static int16_t columns[windows][taps];
static int32_t sums[windows][kernels];
static int32_t maps[kernels][windows];
static int32_t squares[windows];

static int32_t expected(int window, int kernel) {
  int32_t sum = 0;
  for (int tap = 0; tap < taps; ++tap) {
    const int y = window / out_width + tap / kernel_width;
    const int x = window % out_width + tap % kernel_width;
    sum += image[y][x] * weights[tap][kernel];
  }
  return sum;
}

// Each index is where a kernel row of a window starts in the image; a run of kernel_width pixels follows.
static void lay_out_windows(void) {
  for (int i = 0; i < windows * kernel_width; ++i) {
    const int window = i / kernel_width;
    const int y = window / out_width + i % kernel_width;
    row_starts[i] = y * image_width + window % out_width;
  }
  xweft_set_wfmt(int16_int32_to_int16);
  xweft_set_wlen(windows * kernel_width);
  xweft_set_wcnt(kernel_width);
  xweft_wait(xweft_vgather(bus_address(image), bus_address(row_starts), bus_address(columns)));
  if (columns[windows - 1][taps - 1] != image[image_width - 1][image_width - 1]) {
    tile_check_failed(check_windows);
  }
}

static void multiply(void) {
  xweft_set_wdim(taps_per_crossbar | kernels << 16);
  xweft_set_wbits(8);
  xweft_set_wsstr(sizeof weights / 2);
  xweft_prog(bus_address(weights), both_crossbars);
  // The second crossbar takes the second half of the window and adds to the same sums.
  xweft_set_wsstr(sizeof columns[0] / 2);
  xweft_set_wdstr(0);
  for (int window = 0; window < windows; ++window) {
    xweft_mvma(bus_address(columns[window]), bus_address(sums[window]), both_crossbars);
  }
  const uint32_t crossbars_idle = both_crossbars << 8;
  xweft_waitm(crossbars_idle);
}

static void turn_round(void) {
  xweft_set_wfmt(int32_to_int32);
  xweft_set_wbits(0);  // results of the vector unit saturate at their format only
  xweft_set_wlen(kernels);
  xweft_set_wcnt(windows);
  xweft_set_wsstr(sizeof sums[0]);
  xweft_set_wdstr(sizeof maps[0]);
  xweft_wait(xweft_vtrans(bus_address(sums), bus_address(maps)));
  for (int kernel = 0; kernel < kernels; ++kernel) {
    for (int window = 0; window < windows; ++window) {
      if (maps[kernel][window] != expected(window, kernel)) tile_check_failed(check_convolution);
    }
  }
}

// The energy of every pixel of the output: the sum of the squares over the maps.
static void add_squares(void) {
  xweft_set_wlen(windows);
  uint32_t last = 0;
  for (int kernel = 0; kernel < kernels; ++kernel) {
    last = xweft_vmac(bus_address(maps[kernel]), bus_address(maps[kernel]), bus_address(squares));
  }
  xweft_wait(last);
  for (int window = 0; window < windows; ++window) {
    int32_t sum = 0;
    for (int kernel = 0; kernel < kernels; ++kernel)
      sum += expected(window, kernel) * expected(window, kernel);
    if (squares[window] != sum) tile_check_failed(check_squares);
  }
}

int main(void) {
  lay_out_windows();
  xweft_set_wfmt(int16_to_int32);
  multiply();
  turn_round();
  add_squares();
  return 0;
}
