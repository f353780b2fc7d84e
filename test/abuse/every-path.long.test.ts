/** In all situations, and each way alone. */
import './every-path.ts'
