// The picture of a network of one's own: one image on its way through the blocks, and what the test set shows.

import { ImagePicture, TESTED } from "../shared/pictures/images.js";
import { BlocksPane } from "./blocks.js";

export class Picture extends ImagePicture {
  static tabs = {
    blocks: { Pane: BlocksPane, part: "blocks" },
    ...TESTED,
  };
}
