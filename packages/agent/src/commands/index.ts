export { collectorCommand } from './collector.ts';
export { doctorCommand, type MoreFindings } from './doctor.ts';
