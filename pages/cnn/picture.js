// The picture of the CNN: one image on its way, a convolution close up, and what the test set shows.

import { ImagePicture, TESTED } from "../shared/pictures/images.js";
import { LayersPane } from "../shared/pictures/layers.js";
import { ConvolutionPane } from "./convolution.js";

export class Picture extends ImagePicture {
  static tabs = {
    layers: { Pane: LayersPane, part: "layers" },
    convolution: { Pane: ConvolutionPane, part: "convolution" },
    ...TESTED,
  };
}
