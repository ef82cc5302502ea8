import { serve } from "../server/serve.js";
import { loadSimulated } from "./engine.js";

await serve(loadSimulated);
