// The picture of VGG: one image on its way, signal and gradient through the depth, and what the test set shows.

import { ImagePicture, TESTED } from "../shared/pictures/images.js";
import { LayersPane } from "../shared/pictures/layers.js";
import { DepthPane } from "./depth.js";

export class Picture extends ImagePicture {
  static tabs = {
    layers: { Pane: LayersPane, part: "layers" },
    depth: { Pane: DepthPane, part: "depth" },
    ...TESTED,
  };
}
