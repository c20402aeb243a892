// The picture of a network that reads row by row: what it says after each row, and what the test set shows.

import { ImagePicture, TESTED } from "../shared/pictures/images.js";
import { ReadingPane } from "./reading.js";

export class Picture extends ImagePicture {
  static tabs = {
    reading: { Pane: ReadingPane, part: "reading" },
    ...TESTED,
  };
}
