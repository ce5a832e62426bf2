import { nearest, OptionError } from "../../runtime/errors.js";
import { deeplabRecipes } from "./deeplab.js";
import { fcDensenetRecipes } from "./fc-densenet.js";
import { fcnRecipes } from "./fcn.js";
import { icnetRecipes } from "./icnet.js";
import { pspnetRecipes } from "./pspnet.js";
import type { Recipe } from "./recipe.js";
import { segnetRecipes } from "./segnet.js";
import { torchvisionRecipes } from "./torchvision.js";
import { unetRecipes } from "./unet.js";

/** How the papers, or the programs of their authors, train their networks. */
export const recipes: readonly Recipe[] = [
  ...fcnRecipes, ...segnetRecipes, ...unetRecipes, ...deeplabRecipes, ...pspnetRecipes, ...icnetRecipes, ...torchvisionRecipes, ...fcDensenetRecipes,
];

/**
 * The recipe of this name.
 *
 * @throws OptionError that names the others
 */
export function recipeNamed(name: string): Recipe {
  const found = recipes.find((recipe) => recipe.name === name);
  if (found) return found;
  const names = recipes.map((recipe) => recipe.name);
  const guess = nearest(name, names);
  throw new OptionError(`There is no recipe "${name}".${guess ? ` Did you mean ${guess}?` : ""} Recipes: ${names.join(", ")}.`);
}
