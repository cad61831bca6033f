// @ts-check
// The page for those without the studio's token, which has nothing but the navigation.

import * as frame from "./frame.js";

frame.start();
