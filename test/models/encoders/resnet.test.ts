import { describe, expect, test } from "vitest";
import { dilate } from "../../../src/models/encoders/dilate.js";
import { ResNet, type ResNetOptions } from "../../../src/models/encoders/resnet.js";
import { featureShapes } from "./feature-shapes.js";

describe("ResNet", () => {
  // Parameters of torchvision's networks without their classifiers.
  test.each([
    [{ depth: 18 }, 11_176_512], [{ depth: 34 }, 21_284_672], [{ depth: 50 }, 23_508_032], [{ depth: 101 }, 42_500_160], [{ depth: 152 }, 58_143_808],
    [{ depth: 50, groups: 32, widthPerGroup: 4 }, 22_979_904],
  ] as [ResNetOptions, number][])("%j has %d parameters", (options, parameters) => {
    expect(new ResNet(options).parameterCount()).toBe(parameters);
  });

  test("halves odd sizes rounding up, and less often when it is dilated", () => {
    const net = new ResNet({ depth: 50, width: 4 });
    expect(featureShapes(net, 65, 97).map(([, h, w, c]) => [h, w, c])).toEqual([[65, 97, 3], [33, 49, 4], [17, 25, 16], [9, 13, 32], [5, 7, 64], [3, 4, 128]]);
    expect(featureShapes(dilate(net, { outputStride: 8 }), 65, 97).map(([, h, w]) => [h, w])).toEqual([[65, 97], [33, 49], [17, 25], [9, 13], [9, 13], [9, 13]]);
  });

  test("has the dilations of the policy", () => {
    const rates = (options: Parameters<typeof dilate>[1]): string => {
      const net = dilate(new ResNet({ depth: 50, width: 4 }), options);
      return [net.layer3, net.layer4].map(({ layers }) => layers.map((block) => (block as unknown as { conv2: { dilation: readonly [number, number] } }).conv2.dilation[0]).join("")).join(" ");
    };
    expect(rates({ outputStride: 8 })).toBe("122222 244");
    expect(rates({ outputStride: 16 })).toBe("111111 122");
    expect(rates({ outputStride: 8, policy: "smp" })).toBe("222222 444");
    expect(rates({ outputStride: 16, policy: "tensorflow", multiGrid: [1, 2, 4] })).toBe("111111 248");
    expect(rates({ outputStride: 32 })).toBe("111111 111");
  });
});
