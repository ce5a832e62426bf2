import { colours } from "./colours.js";
import { listedLabels, type DatasetDescription } from "./description.js";

const names = `
  animal--bird animal--ground-animal construction--barrier--curb construction--barrier--fence construction--barrier--guard-rail
  construction--barrier--other-barrier construction--barrier--wall construction--flat--bike-lane construction--flat--crosswalk-plain
  construction--flat--curb-cut construction--flat--parking construction--flat--pedestrian-area construction--flat--rail-track construction--flat--road
  construction--flat--service-lane construction--flat--sidewalk construction--structure--bridge construction--structure--building
  construction--structure--tunnel human--person human--rider--bicyclist human--rider--motorcyclist human--rider--other-rider marking--crosswalk-zebra
  marking--general nature--mountain nature--sand nature--sky nature--snow nature--terrain nature--vegetation nature--water object--banner object--bench
  object--bike-rack object--billboard object--catch-basin object--cctv-camera object--fire-hydrant object--junction-box object--mailbox object--manhole
  object--phone-booth object--pothole object--street-light object--support--pole object--support--traffic-sign-frame object--support--utility-pole
  object--traffic-light object--traffic-sign--back object--traffic-sign--front object--trash-can object--vehicle--bicycle object--vehicle--boat
  object--vehicle--bus object--vehicle--car object--vehicle--caravan object--vehicle--motorcycle object--vehicle--on-rails object--vehicle--other-vehicle
  object--vehicle--trailer object--vehicle--truck object--vehicle--wheeled-slow void--car-mount void--ego-vehicle void--unlabeled`.trim().split(/\s+/);

const palette = colours(`
  a52a2a 00c000 c4c4c4 be9999 b4a5b4 5a7896 66669c 8040ff 8c8cc8 aaaaaa faaaa0 606060 e6968c 804080 6e6e6e f423e8 966464 464646 96785a dc143c ff0000 ff0064
  ff00c8 c88080 ffffff 40aa40 e6a032 4682b4 beffff 98fb98 6b8e23 00aa1e ffff80 fa001e 648cb4 dcdcdc dc8080 de2828 64aa1e 282828 212121 6480a0 8e0000 466496
  d2aa64 999999 808080 000050 faaa1e c0c0c0 dcdc00 8c8c14 770b20 9600ff 003c64 00008e 00005a 0000e6 005064 804040 00006e 000046 0000c0 202020 780a0a 000000`);

/** Mapillary Vistas 1.2 (Neuhold et al. 2017): 66 labels, of which all but "unlabeled" (65) are judged. */
export const mapillary: DatasetDescription = {
  name: "mapillary-vistas", title: "Mapillary Vistas 1.2", source: "config_v1.2.json of the data set",
  labels: listedLabels(names, (index) => palette[index]!).map((label) => (label.name === "void--unlabeled" ? { ...label, index: null } : label)),
  images: { train: 18_000, val: 2000 },
  layouts: [{
    images: "{split}/images/{name}.jpg",
    masks: [{ path: "{split}/v1.2/labels/{name}.png", coding: "ids" }, { path: "{split}/labels/{name}.png", coding: "ids" }],
    splits: { train: "training", val: "validation" },
  }],
};
