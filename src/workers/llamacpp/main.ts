import { serve } from "../server/serve.js";
import { loadLlamacpp } from "./engine.js";

await serve(loadLlamacpp);
