// A wave and what the network makes of it.

/** A frame's facts, with the window at which the wave begins. */
interface WaveFacts {
  part?: string;
  possible?: boolean;
  time_steps: number;
  first: number;
}

/** What a lane of a frame may have of a wave. */
type WaveArrays = Pick<LaneArrays, "x"> &
  Partial<Pick<LaneArrays, "target" | "prediction" | "hidden" | "reach" | "free" | "truth">>;
