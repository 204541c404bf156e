//! Which sample of the batch, channel and place an invocation has: places vary fastest, or channels where they lie last.
struct Spot { n: u32, c: u32, place: u32 }

fn spot_of(id: u32, places: u32, channels: u32, channels_last: u32) -> Spot {
  if (channels_last != 0u) {
    let at = id / channels;
    let n = at / places;
    return Spot(n, id - at * channels, at - n * places);
  }
  let plane = id / places;
  let n = plane / channels;
  return Spot(n, plane - n * channels, id - plane * places);
}
