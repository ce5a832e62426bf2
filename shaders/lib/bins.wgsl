// lib/bins.wgsl - the bins of adaptive pooling (needs lib/divide.wgsl): bin i of `bins` over `size` positions is
// [floor(i·size / bins), ceil((i + 1)·size / bins)). Neighbours overlap when `bins` does not divide `size`.
// A position y lies in the bins floor(y·bins / size) … ceil((y + 1)·bins / size) − 1, so gradients can gather.

fn bin_start(i: u32, size: u32, bins: u32) -> u32 { return small_quotient(i * size, bins); }
fn bin_end(i: u32, size: u32, bins: u32) -> u32 { return small_quotient((i + 1u) * size + bins - 1u, bins); }
fn bin_size(i: u32, size: u32, bins: u32) -> u32 { return bin_end(i, size, bins) - bin_start(i, size, bins); }

/// First bin that holds `position`, and one past the last.
fn first_bin(position: u32, size: u32, bins: u32) -> u32 { return small_quotient(position * bins, size); }
fn end_bin(position: u32, size: u32, bins: u32) -> u32 { return small_quotient((position + 1u) * bins + size - 1u, size); }
